type Value = string | readonly string[] | readonly { readonly url: string }[];
type Settings = { [name: string]: Settings | Value };

interface Place {
  /** Takes the place of each host that a rule names. */
  readonly host: string;
  /** The address of the service, whose port a label names. */
  readonly backend: string;
}

/**
 * What labels of a container say, as Traefik's file provider takes it: the same names, but the service is an address, a
 * list is a list, and routers name the service, which Traefik takes from a container that has only one.
 */
export function dynamicSettings(labels: readonly string[], { host, backend }: Place): Settings {
  const settings: Settings = {};
  for (const label of labels) {
    const at = label.indexOf('=');
    const [name, value] = [label.slice(0, at), label.slice(at + 1)];
    if (name === 'traefik.enable') continue;
    const path = name.split('.');
    if (at < 1 || path.shift() !== 'traefik') throw new Error(`"${label}" is no label for Traefik`);
    if (/\.loadbalancer\.server\.port$/i.test(name))
      set(settings, [...path.slice(0, -2), 'servers'], [{ url: backend }]);
    else if (/\.middlewares$/i.test(name)) set(settings, path, value.split(','));
    else set(settings, path, value.replaceAll(/Host\(`[^`]*`\)/g, `Host(\`${host}\`)`));
  }
  const { routers = {}, services = {} } = (settings['http'] ?? {}) as Record<string, Record<string, Settings>>;
  for (const router of Object.values(routers)) router['service'] ??= Object.keys(services).join();
  return settings;
}

function set(settings: Settings, [name = '', ...rest]: readonly string[], value: Value): void {
  if (rest.length === 0) settings[name] = value;
  else set((settings[name] ??= {}) as Settings, rest, value);
}
