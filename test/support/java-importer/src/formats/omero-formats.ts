/** OMERO's format for what a reader of Bio-Formats read; TIFF for the many that a sample OMERO has no row for. */
export function omeroFormat(reader: string): string {
  return formats[reader.slice(reader.lastIndexOf('.') + 1)] ?? 'TIFF';
}

const formats: Readonly<Record<string, string>> = {
  OMETiffReader: 'OMETiff',
  DeltavisionReader: 'DV',
  MetamorphReader: 'STK',
  ZeissCZIReader: 'Zeiss CZI',
  LIFReader: 'Leica LIF',
  NativeND2Reader: 'ND2',
  InCellReader: 'InCell',
  FakeReader: 'Fake',
  JPEGReader: 'JPEG',
};
