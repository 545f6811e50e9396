namespace LongContext.Positions;

/// <summary>What the mathematics of rotary position embeddings needs to know about a model, apart from the scaling.</summary>
/// <remarks>
/// RoPE (Su et al. 2021, arXiv:2104.09864) rotates the i-th pair of a query or key of d rotary dimensions at position p by
/// the angle p·θ^(−2i/d).
/// </remarks>
public sealed record RopeParameters
{
    private readonly int? _originalMaxPositionEmbeddings;

    /// <summary>The base θ of the frequencies (<c>rope_theta</c>), finite and above 0.</summary>
    public required double Theta { get; init; }

    /// <summary>Size of one attention head, in elements.</summary>
    public required int HeadDimension { get; init; }

    /// <summary>The window, in tokens, that the config states (<c>max_position_embeddings</c>); dynamic NTK counts from it.</summary>
    public required int MaxPositionEmbeddings { get; init; }

    /// <summary>
    /// The window, in tokens, that the model was trained for before scaling (<c>original_max_position_embeddings</c>), from which YaRN,
    /// LongRoPE and Llama 3's scaling count; by default <see cref="MaxPositionEmbeddings"/>.
    /// </summary>
    public int OriginalMaxPositionEmbeddings
    {
        get => _originalMaxPositionEmbeddings ?? MaxPositionEmbeddings;
        init => _originalMaxPositionEmbeddings = value;
    }

    /// <summary>The part of each head that is rotated, above 0 and at most 1 (default 1: all of it).</summary>
    public double PartialRotaryFactor { get; init; } = 1;

    /// <summary>
    /// How many leading elements of each head are rotated: <see cref="HeadDimension"/> × <see cref="PartialRotaryFactor"/>,
    /// rounded down as Hugging Face does.
    /// </summary>
    public int RotaryDimension => (int)(HeadDimension * PartialRotaryFactor);

    /// <summary>Every fault, by the property's name; the parity of the rotated part counts only where the head is not rotated whole.</summary>
    internal List<string> FindFaults(bool rotatesWholeHead)
    {
        List<string> faults = [];
        if (!double.IsFinite(Theta) || Theta <= 0) faults.Add($"{nameof(Theta)} is {Theta}, expected a finite number above 0");
        if (HeadDimension <= 0) faults.Add($"{nameof(HeadDimension)} is {HeadDimension}, expected at least 2");
        if (MaxPositionEmbeddings <= 0) faults.Add($"{nameof(MaxPositionEmbeddings)} is {MaxPositionEmbeddings}, expected at least 1");
        if (_originalMaxPositionEmbeddings <= 0)
            faults.Add($"{nameof(OriginalMaxPositionEmbeddings)} is {_originalMaxPositionEmbeddings}, expected at least 1");
        int rotated = rotatesWholeHead ? HeadDimension : RotaryDimension;
        if (PartialRotaryFactor is not (> 0 and <= 1))
        {
            faults.Add($"{nameof(PartialRotaryFactor)} is {PartialRotaryFactor}, expected above 0 and at most 1");
        }
        else if (HeadDimension > 0 && (rotated < 2 || rotated % 2 != 0))
        {
            faults.Add(rotatesWholeHead
                ? $"{nameof(HeadDimension)} is {HeadDimension}, expected an even number of at least 2"
                : $"{nameof(RotaryDimension)} is {rotated} ({nameof(HeadDimension)} {HeadDimension} × "
                    + $"{nameof(PartialRotaryFactor)} {PartialRotaryFactor}), expected an even number of at least 2");
        }

        return faults;
    }
}
