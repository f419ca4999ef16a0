// A transform for jest that compiles one file without one of its statements, as MUTANT (JSON: file, start, end) says. The
// file itself is never written to, so nothing has to be put back, whatever ends the run.
const swc = require('@swc/jest');

const mutant = JSON.parse(process.env.MUTANT ?? 'null');

function sourceOf(source, file) {
  return file === mutant?.file ? `${source.slice(0, mutant.start)};${source.slice(mutant.end)}` : source;
}

module.exports = {
  createTransformer(options) {
    const compiler = swc.createTransformer(options);
    return {
      ...compiler,
      process: (source, file, more) => compiler.process(sourceOf(source, file), file, more),
      getCacheKey: (source, file, more) => compiler.getCacheKey(sourceOf(source, file), file, more),
    };
  },
};
