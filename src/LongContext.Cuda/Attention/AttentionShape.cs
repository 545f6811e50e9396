namespace LongContext.Cuda.Attention;

/// <summary>What an attention call computes, apart from the documents: heads, mask and scores.</summary>
internal sealed record AttentionShape
{
    /// <summary>Type of the elements.</summary>
    public required AttentionElement Element { get; init; }

    /// <summary>Elements of a head: 64, 80, 96, 128 or 256.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Heads of queries.</summary>
    public required int Heads { get; init; }

    /// <summary>Heads of keys and values, a divisor of <see cref="Heads"/>; each serves a group of consecutive heads.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>How many keys before its own position a query sees. Default: all.</summary>
    public int WindowLeft { get; init; } = AttentionParameters.NoWindow;

    /// <summary>How many keys after its own position a query sees. Default 0: causal.</summary>
    public int WindowRight { get; init; }

    /// <summary>Factor on q·k, above 0.</summary>
    public required float Scale { get; init; }

    /// <summary>c in c · tanh(score / c); 0, the default, for none.</summary>
    public float Cap { get; init; }

    /// <summary>Whether two backward passes give the same bits. Default false: ∂q is summed in the order in which blocks come.</summary>
    public bool Deterministic { get; init; }

    /// <summary>Query heads of a key head.</summary>
    public int HeadsPerKey => Heads / KeyHeads;

    /// <summary>All faults in one exception.</summary>
    /// <exception cref="ArgumentException">Names each property at fault, what was found and what is expected.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (!TileChoice.HeadSizes.Contains(HeadSize)) faults.Add($"HeadSize is {HeadSize}; there are kernels for {string.Join(", ", TileChoice.HeadSizes)}");
        if (KeyHeads <= 0 || Heads <= 0 || Heads % KeyHeads != 0) faults.Add($"Heads is {Heads} and KeyHeads is {KeyHeads}; the first must be a multiple of the second");
        if (WindowLeft is < 0 or > AttentionParameters.NoWindow) faults.Add($"WindowLeft is {WindowLeft}; from 0 to {AttentionParameters.NoWindow} is expected");
        if (WindowRight is < 0 or > AttentionParameters.NoWindow) faults.Add($"WindowRight is {WindowRight}; from 0 to {AttentionParameters.NoWindow} is expected");
        if (!(Scale > 0 && float.IsFinite(Scale))) faults.Add($"Scale is {Scale}; a finite number above 0 is expected");
        if (!(Cap >= 0 && float.IsFinite(Cap))) faults.Add($"Cap is {Cap}; 0 or a finite number above it is expected");
        if (faults.Count > 0) throw new ArgumentException($"Attention cannot be computed: {string.Join("; ", faults)}.");
    }
}
