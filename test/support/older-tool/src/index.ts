export { OlderTool, type Folder, type Job, type Person, type Status } from './older-tool';
export { plant, plantedNames, type Planted, type PlantedFileset } from './oddities';
