export { startOauth2Proxy, type RunningOauth2Proxy } from './oauth2-proxy';
export { builtPrograms, type Oauth2ProxyPrograms } from './programs';
