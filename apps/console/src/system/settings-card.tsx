import type { VNode } from 'preact';
import type { SettingDescription } from '@coldroom/runtime';
import { Rows } from '../layout/rows';

const columns = [{ title: 'Setting' }, { title: 'Value' }, { title: 'From' }];

export function SettingsCard({ settings }: { readonly settings: readonly SettingDescription[] }): VNode {
  const written = settings.filter(({ from }) => from === 'environment' || from === 'file');
  return (
    <section class="card">
      <h2>Settings</h2>
      <p>
        As they are in the environment of the console, without secrets. A service that was started in another
        environment may have others; each service logs its own when it starts.
      </p>
      {written.length > 0 && <Settings label="Settings that are set" settings={written} />}
      <details>
        <summary class="button">Settings that are not set</summary>
        <Settings label="Settings that are not set" settings={settings.filter((one) => !written.includes(one))} />
      </details>
    </section>
  );
}

interface Props {
  readonly label: string;
  readonly settings: readonly SettingDescription[];
}

function Settings({ label, settings }: Props): VNode {
  return (
    <Rows
      label={label}
      columns={columns}
      rows={settings.map((setting) => ({
        key: setting.key,
        cells: [<span class="code">{setting.key}</span>, <Value setting={setting} />, origins[setting.from]],
      }))}
    />
  );
}

const origins: Readonly<Record<SettingDescription['from'], string>> = {
  environment: 'environment',
  file: 'a file',
  default: 'default',
  nowhere: 'no default',
};

function Value({ setting: { value, from } }: { readonly setting: SettingDescription }): VNode {
  if (value !== null) return <span class="path">{value}</span>;
  return <span class="muted">{from === 'nowhere' ? 'not set' : 'set'}</span>;
}
