/** As much of Kubernetes' objects as the tests look at; `typed.spec.ts` compares them with the whole definitions. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Labels };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly spec: any;
}
export type Labels = Readonly<Record<string, string>>;

export interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly configMapKeyRef: { readonly name: string; readonly key: string } };
  }[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly volumeMounts?: readonly Mount[];
  readonly resources?: { readonly requests: object; readonly limits: object };
  readonly securityContext?: object;
  readonly ports?: readonly { readonly name: string; readonly containerPort: number; readonly hostPort?: number }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
}
interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
}

export interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: {
    readonly secretName: string;
    readonly items?: readonly { readonly key: string; readonly path: string }[];
  };
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly emptyDir?: { readonly sizeLimit?: string };
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly securityContext?: object;
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly tolerations?: readonly object[];
  readonly topologySpreadConstraints?: readonly object[];
}

/** A pod as its controller makes it. */
export interface Pod {
  /** Kind and name of the controller. */
  readonly of: string;
  readonly labels: Labels;
  readonly spec: PodSpec;
  readonly manifest: Manifest;
}

const templates: Readonly<Record<string, (spec: Manifest['spec']) => unknown>> = {
  Deployment: (spec) => spec.template,
  StatefulSet: (spec) => spec.template,
  Job: (spec) => spec.template,
  CronJob: (spec) => spec.jobTemplate.spec.template,
  ScaledJob: (spec) => spec.jobTargetRef.template,
};

export function podsOf(manifests: readonly Manifest[]): readonly Pod[] {
  return manifests.flatMap((manifest) => {
    const template = templates[manifest.kind]?.(manifest.spec) as
      { readonly metadata?: { readonly labels?: Labels }; readonly spec: PodSpec } | undefined;
    if (!template) return [];
    const of = `${manifest.kind} ${manifest.metadata.name}`;
    return [{ of, labels: template.metadata?.labels ?? {}, spec: template.spec, manifest }];
  });
}

/** Pods of Coldroom's own image. */
export const ours = (pods: readonly Pod[]): readonly Pod[] =>
  pods.filter(({ labels }) => labels['app.kubernetes.io/name'] === 'coldroom');

/** The service whose work a pod does: pods of Jobs for backlogs do that of a service. */
export const serviceOf = ({ labels }: Pod): string =>
  (labels['app.kubernetes.io/component'] ?? '').replace(/-backlog$/, '');

export const mainOf = ({ spec, of }: Pod): Container => {
  const [container, ...others] = spec.containers;
  if (!container || others.length > 0) throw new Error(`${of} has ${spec.containers.length} containers`);
  return container;
};

/** The variables of the main container, with those of the ConfigMaps that it names. */
export function variablesOf(pod: Pod, manifests: readonly Manifest[]): Readonly<Record<string, string>> {
  const { env = [], envFrom = [] } = mainOf(pod);
  const settings = (name: string): Readonly<Record<string, string>> =>
    manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data ?? {};
  const given = envFrom.map(({ configMapRef }) => settings(configMapRef.name));
  const own = env.map(({ name, value, valueFrom }) => {
    const { configMapKeyRef: from } = valueFrom ?? {};
    return [name, value ?? (from ? settings(from.name)[from.key] : undefined) ?? ''];
  });
  return Object.assign({}, ...given, Object.fromEntries(own)) as Record<string, string>;
}

export const selects = (selector: Labels, labels: Labels): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);
