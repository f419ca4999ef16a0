import { workStates } from '@coldroom/domain';

/** The bag's state is that of its least advanced file that a service acts on. */
export const leastState = `coalesce((SELECT f.state FROM file f WHERE f.bag_id = bag.id AND f.state = ANY('{${workStates.join(',')}}')
  ORDER BY array_position('{${workStates.join(',')}}'::text[], f.state) LIMIT 1), 'done')`;
