using System.Globalization;
using System.Text;

namespace LongContext.Training.Memory;

/// <summary>What a step takes at its peak, part by part.</summary>
public sealed record MemoryEstimate
{
    /// <summary>Tokens of the pack.</summary>
    public required int Tokens { get; init; }

    /// <summary>The policy that it holds for.</summary>
    public required ActivationPolicy Policy { get; init; }

    /// <summary>The parts: weights, gradients, optimizer, activations kept, workspace at the peak, runtime.</summary>
    public required IReadOnlyList<MemoryItem> Items { get; init; }

    /// <summary>The moment of the step at which the workspace is largest.</summary>
    public required string PeakMoment { get; init; }

    /// <summary>Bytes on the device at the peak.</summary>
    public long DeviceBytes => Items.Sum(item => item.DeviceBytes);

    /// <summary>Bytes in the host's memory at the peak, where the device is a GPU.</summary>
    public long HostBytes => Items.Sum(item => item.HostBytes);

    /// <summary>A table of the parts in gigabytes (10⁹ bytes).</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Tokens:N0} tokens, peak {PeakMoment}; {Describe(Policy)}");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"",-22}{"device GB",12}{"host GB",12}");
        foreach (MemoryItem item in Items) Line(item.Name, item.DeviceBytes, item.HostBytes);
        Line("all", DeviceBytes, HostBytes);
        return text.ToString();

        void Line(string name, long device, long host) =>
            text.AppendLine(CultureInfo.InvariantCulture, $"{name,-22}{device / 1e9,12:F3}{host / 1e9,12:F3}");
    }

    /// <summary>A policy in words.</summary>
    internal static string Describe(ActivationPolicy policy)
    {
        string kept = policy.Recompute switch
        {
            Recomputation.Nothing => "everything kept",
            Recomputation.Mlp => "MLP computed again",
            _ => policy.EveryNthLayer == 1 ? "layers computed again" : $"layers computed again from every {Ordinal(policy.EveryNthLayer)}",
        };
        string place = policy.OnHost ? ", inputs on the host" : "";
        string heads = policy.KeyValueHeadsAtATime is { } count ? $", {count} key/value heads at a time" : "";
        return kept + place + heads;
    }

    private static string Ordinal(int number) => string.Create(
        CultureInfo.InvariantCulture, $"{number}{((number % 100) is >= 11 and <= 13 ? "th" : (number % 10) switch { 1 => "st", 2 => "nd", 3 => "rd", _ => "th" })}");
}
