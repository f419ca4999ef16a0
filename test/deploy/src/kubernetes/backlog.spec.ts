import { describeManifests } from './describe-manifests';
import { ours, podsOf, selects, type Labels, type Manifest } from './manifests';
import { render } from './render';

describeManifests('work by Jobs', () => {
  const manifests = render('example-keda');
  const named = (kind: string, name: string): Manifest =>
    manifests.find((each) => each.kind === kind && each.metadata.name === name) as Manifest;
  const services = ['transfer', 'checksum'];

  test.each(services)('of %s ends when no work is left, and outlives lost machines', (service) => {
    const { suspend, jobTemplate } = named('CronJob', `${service}-backlog`).spec;
    const { parallelism, completions, backoffLimit, podFailurePolicy, template } = jobTemplate.spec;
    expect(template.spec.containers[0].args).toEqual([service, '--drain']);
    expect({ suspend, completions, podFailurePolicy, restartPolicy: template.spec.restartPolicy }).toEqual({
      suspend: true,
      completions: undefined,
      podFailurePolicy: undefined,
      restartPolicy: 'OnFailure',
    });
    expect([parallelism > 1, backoffLimit >= 100]).toEqual([true, true]);
  });

  test.each(services)('of %s is the same where KEDA starts it', (service) => {
    const job = named('CronJob', `${service}-backlog`).spec.jobTemplate.spec;
    const { jobTargetRef, triggers, minReplicaCount, scalingStrategy } = named('ScaledJob', service).spec;
    expect(jobTargetRef.template).toEqual(job.template);
    expect([minReplicaCount, scalingStrategy]).toEqual([0, { strategy: 'default' }]);
    expect(triggers).toEqual([
      {
        type: 'postgresql',
        metadata: {
          query: `SELECT sum(due)::int FROM coldroom.backlog WHERE service = '${service}'`,
          targetQueryValue: '1',
        },
        authenticationRef: { name: 'register' },
      },
    ]);
  });

  test('does not count in disruption budgets, which know Deployments only', () => {
    const budgets = manifests.filter(({ kind }) => kind === 'PodDisruptionBudget');
    expect(budgets.map(({ metadata }) => metadata.name).sort()).toEqual(['checksum', 'transfer']);
    for (const { spec, metadata } of budgets) {
      const selected = podsOf(manifests).filter(({ labels }) => selects(spec.selector.matchLabels as Labels, labels));
      expect(selected.map(({ of }) => of)).toEqual([`Deployment ${metadata.name}`]);
    }
  });

  test('is spread over machines, as that of the services with several pods is', () => {
    const spread = ours(podsOf(manifests)).filter(({ spec }) => (spec.topologySpreadConstraints ?? []).length > 0);
    const several = services.flatMap((name) => [`CronJob ${name}-backlog`, `Deployment ${name}`, `ScaledJob ${name}`]);
    expect(spread.map(({ of }) => of).sort()).toEqual(several.sort());
    for (const { spec, labels, of } of spread)
      for (const { labelSelector } of spec.topologySpreadConstraints as { labelSelector: { matchLabels: Labels } }[])
        expect([of, labelSelector.matchLabels]).toEqual([of, labels]);
  });
});
