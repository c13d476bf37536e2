"""From atoms to incident groups: the gate, sessions, clusters, exemplars."""
