using LongContext.Models;

namespace LongContext.Generation.Running;

/// <summary>Which group of the cache each layer belongs to: first the group of layers without a window, then one for each window, smaller ones first.</summary>
internal sealed class CacheGroups
{
    private readonly int[] groups;
    private readonly int[] places;

    public CacheGroups(IReadOnlyList<LayerShape> layers)
    {
        Windows = [.. layers.Select(layer => layer.SlidingWindow).Distinct().OrderBy(window => window ?? 0)];
        LayerCounts = new int[Windows.Count];
        groups = new int[layers.Count];
        places = new int[layers.Count];
        for (int layer = 0; layer < layers.Count; layer++)
        {
            groups[layer] = Windows.ToList().IndexOf(layers[layer].SlidingWindow);
            places[layer] = LayerCounts[groups[layer]]++;
        }
    }

    /// <summary>Each group's window; null for none.</summary>
    public IReadOnlyList<int?> Windows { get; }

    /// <summary>Each group's number of layers.</summary>
    public int[] LayerCounts { get; }

    /// <summary>A layer's group.</summary>
    public int GroupOf(int layer) => groups[layer];

    /// <summary>A layer's number in its group.</summary>
    public int PlaceOf(int layer) => places[layer];

    /// <summary>The first token of a sequence that a token at a position sees in a group.</summary>
    public int FirstVisible(int group, int position) => Windows[group] is { } window ? Math.Max(0, position - window + 1) : 0;

    /// <summary>The same for a sequence of a step, sinks apart.</summary>
    public int FirstVisible(int group, in StepSequence sequence, int position) =>
        Windows[group] is null && sequence.Sinks is { } sinks ? sinks.FirstVisible(position) : FirstVisible(group, position);
}
