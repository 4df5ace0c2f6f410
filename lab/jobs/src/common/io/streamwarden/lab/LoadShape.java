package io.streamwarden.lab;

/** How a source's rate moves over time; 1.0 is the nominal rate. */
final class LoadShape {
    private LoadShape() {}

    static double factor(String shape, double periodS, double depth, double atS) {
        double phase = (atS % periodS) / periodS;
        switch (shape) {
            case "day":
                return 1.0 + depth * Math.sin(2 * Math.PI * phase);
            case "bursts":
                return phase < 0.2 ? 1.0 + 2 * depth : 1.0 - depth / 2;
            case "steps":
                return 1.0 + depth * (Math.floor(phase * 4) / 1.5 - 1.0);
            case "ramp":
                return 1.0 - depth + 2 * depth * phase;
            case "noise":
                return 1.0 + depth * (Math.sin(atS * 1.3) + Math.sin(atS * 2.9 + 1) + Math.sin(atS * 7.1 + 2)) / 3;
            default:
                return 1.0;
        }
    }
}
