package io.streamwarden.lab;

/** A family of topologies that is not in every jar, because it needs a connector. */
interface Shapes {
    /** Builds the topology and answers the job's name. */
    String build(String topology, Plan plan);
}
