using LongContext.Models;

namespace LongContext.Export;

/// <summary>
/// Layers with a window as llama.cpp puts them: of every so many layers the last sees everything.
/// </summary>
/// <param name="Window">The window in tokens; null where every layer sees everything.</param>
/// <param name="Period">Of how many layers the last sees everything; 1 for every layer, 0 for none.</param>
internal sealed record GgufWindows(int? Window, int Period)
{
    /// <summary>What fits the layers; null where nothing does.</summary>
    public static GgufWindows? Find(DecoderShape shape)
    {
        int?[] windows = [.. shape.Layers.Select(layer => layer.SlidingWindow)];
        int?[] kinds = [.. windows.Where(window => window is not null).Distinct()];
        if (kinds.Length > 1) return null;
        if (kinds.Length == 0) return new GgufWindows(null, 1);
        int first = Array.IndexOf(windows, null);
        int period = first < 0 ? 0 : first + 1;
        bool fits = windows.Select((window, i) => (window is not null) == (period == 0 || i % period < period - 1)).All(same => same);
        return fits ? new GgufWindows(kinds[0], period) : null;
    }
}
