using System.Globalization;

namespace LongContext.Training.Memory;

/// <summary>The fastest policy that fits, and what it takes.</summary>
/// <param name="Estimate">Memory by part, with the policy.</param>
/// <param name="Fits">Whether it fits the limits; if not, the estimate is of the policy that comes nearest.</param>
public sealed record MemoryPlan(MemoryEstimate Estimate, bool Fits)
{
    /// <summary>The policy to use.</summary>
    public ActivationPolicy Policy => Estimate.Policy;

    /// <summary>Bytes that may be used on the device (<see cref="MemoryRequest.DeviceBytes"/>); null for no limit.</summary>
    public long? DeviceLimit { get; init; }

    /// <summary>Bytes of the host's memory that may be used (<see cref="MemoryRequest.HostBytes"/>); null for no limit.</summary>
    public long? HostLimit { get; init; }

    /// <summary>Bytes of the device that are missing; 0 where they suffice.</summary>
    public long DeviceBytesMissing => Math.Max(0, Estimate.DeviceBytes - (DeviceLimit ?? long.MaxValue));

    /// <summary>Bytes of the host's memory that are missing; 0 where they suffice.</summary>
    public long HostBytesMissing => Math.Max(0, Estimate.HostBytes - (HostLimit ?? long.MaxValue));

    /// <summary>The longest pack that fits with the same settings, in tokens, a multiple of 256; 0 where none does, null where the one that was asked for does.</summary>
    public int? FittingContext { get; init; }

    /// <summary>Other settings with each of which what was asked for would fit, in words, those that change least first; empty where there are none, and where it fits.</summary>
    public IReadOnlyList<string> FittingSettings { get; init; } = [];

    /// <summary>Whether it fits and, if not, what is missing and what would; below it the parts.</summary>
    public override string ToString() => (Fits ? "fits: " : Misfit() + Environment.NewLine) + Estimate;

    private string Misfit()
    {
        string[] missing = [.. Missing("device", Estimate.DeviceBytes, DeviceLimit), .. Missing("host", Estimate.HostBytes, HostLimit)];
        string context = FittingContext is null or 0 ? "no context fits with these settings" : string.Create(CultureInfo.InvariantCulture, $"{FittingContext:N0} tokens fit with these settings");
        string settings = FittingSettings.Count == 0 ? "" : $"; {Estimate.Tokens.ToString("N0", CultureInfo.InvariantCulture)} would with {string.Join(", or with ", FittingSettings)}";
        return $"does not fit: {string.Join(", ", missing)}; {context}{settings}.";
    }

    private static IEnumerable<string> Missing(string where, long bytes, long? limit)
    {
        if (limit is { } most && bytes > most) yield return string.Create(CultureInfo.InvariantCulture, $"{where} {bytes / 1e9:F1} GB, {(bytes - most) / 1e9:F1} more than the {most / 1e9:F1} that may be used");
    }
}
