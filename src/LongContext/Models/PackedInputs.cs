using LongContext.Packing;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>
/// A pack's tensors on a device: what a model's forward takes. Borders and positions also stay on the host, because attention
/// and rotary tables are planned there. Dispose it after use.
/// </summary>
public sealed class PackedInputs : IDisposable
{
    private PackedInputs(Tensor inputIds_T, TokenIdRange idRange, ReadOnlyMemory<int> positionIds, ReadOnlyMemory<int> cumulativeSequenceLengths)
    {
        InputIds = inputIds_T;
        IdRange = idRange;
        PositionIds = positionIds;
        CumulativeSequenceLengths = cumulativeSequenceLengths;
    }

    /// <summary>Token ids [T], int64, on the device.</summary>
    public Tensor InputIds { get; }

    /// <summary>Position of each token in its document [T].</summary>
    public ReadOnlyMemory<int> PositionIds { get; }

    /// <summary>Document borders, n + 1 numbers from 0 to T.</summary>
    public ReadOnlyMemory<int> CumulativeSequenceLengths { get; }

    /// <summary>Number of tokens, T.</summary>
    public int TokenCount => PositionIds.Length;

    /// <summary>Smallest and largest id, known on the host, so that a model can check them without asking the device.</summary>
    internal TokenIdRange IdRange { get; }

    /// <summary>Lays a pack on a device.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="device">Where to; null for the CPU.</param>
    /// <exception cref="ArgumentNullException"><paramref name="pack"/> is null.</exception>
    public static PackedInputs Create(PackedBatch pack, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(pack);
        return Create(pack.InputIds.Span, pack.PositionIds, pack.CumulativeSequenceLengths, device ?? CPU);
    }

    internal static PackedInputs Create(
        ReadOnlySpan<int> inputIds, ReadOnlyMemory<int> positionIds, ReadOnlyMemory<int> cumulativeSequenceLengths, Device device) =>
        new(HostTensors.FromIds(inputIds, device), TokenIdRange.Of(inputIds), positionIds, cumulativeSequenceLengths);

    /// <inheritdoc />
    public void Dispose() => InputIds.Dispose();
}
