namespace LongContext.Cuda.Sampling;

/// <summary>Makes the state of the next decoding step of sequences with one token each, so that steps can follow each other without the host.</summary>
/// <remarks>
/// For each sequence: its chosen token becomes the next input and is noted; position and length grow by one; the slots of its last key, length − 1, are looked up.
/// A sequence whose length is 0 is none (a place of a captured graph that nobody has) and stays as it is, with slots of −1.
/// </remarks>
internal readonly record struct AdvanceArguments
{
    public required int Sequences { get; init; }

    /// <summary>int32: the chosen token of sequence s at s · <see cref="ChosenStride"/>, as <see cref="CandidateArguments.Tokens"/> has it; 0: only slots are looked up and nothing grows.</summary>
    public nint Chosen { get; init; }

    /// <summary>1 by default.</summary>
    public int ChosenStride { get; init; }

    /// <summary>int32 [sequences]: receives the next inputs; needed with <see cref="Chosen"/>.</summary>
    public nint Inputs { get; init; }

    /// <summary>int32 [sequences]: positions of the inputs; needed with <see cref="Chosen"/>.</summary>
    public nint Positions { get; init; }

    /// <summary>int32 [sequences]: keys of each sequence, its input included.</summary>
    public required nint Lengths { get; init; }

    /// <summary>int32 [steps, sequences]: notes the chosen tokens of each step; 0: not wanted.</summary>
    public nint History { get; init; }

    /// <summary>int32: the step's number, which grows by one; needed with <see cref="History"/>. Steps from <see cref="HistorySteps"/> on are not noted.</summary>
    public nint Step { get; init; }

    /// <summary>Rows of <see cref="History"/>.</summary>
    public int HistorySteps { get; init; }

    /// <summary>Tokens of a page, a power of two.</summary>
    public required int PageSize { get; init; }

    /// <summary>Page tables, four at most; those without <see cref="AdvanceGroup.Pages"/> are left out.</summary>
    public AdvanceGroup First { get; init; }

    public AdvanceGroup Second { get; init; }

    public AdvanceGroup Third { get; init; }

    public AdvanceGroup Fourth { get; init; }

    public AdvanceArguments() => ChosenStride = 1;
}
