namespace LongContext.Cuda.Linear;

/// <summary>A weight matrix in device memory, read where it lies.</summary>
internal readonly record struct LinearWeight
{
    public LinearFormat Format { get; init; }

    /// <summary>Rows of the matrix; 0 for no matrix.</summary>
    public required int Outputs { get; init; }

    /// <summary>Columns of the matrix.</summary>
    public required int Inputs { get; init; }

    /// <summary>Weights or codes: [outputs, inputs], of four bits [outputs, ⌈inputs / 2⌉] bytes.</summary>
    public required nint Codes { get; init; }

    /// <summary>
    /// float32: [outputs] for 8 bits, [outputs, groups] for <see cref="LinearFormat.Int4"/>, [outputs, blocks] for <see cref="LinearFormat.Nf4"/>; there bytes where
    /// <see cref="Groups"/> are given. 0 for <see cref="LinearFormat.Plain"/>.
    /// </summary>
    public nint Scales { get; init; }

    /// <summary><see cref="LinearFormat.Int4"/>: a byte for each scale, 0 to 15; 0 where all are 8.</summary>
    public nint Zeros { get; init; }

    /// <summary><see cref="LinearFormat.Int4"/>: inputs that share a scale; a row's last group may have fewer.</summary>
    public int GroupSize { get; init; }

    /// <summary><see cref="LinearFormat.Nf4"/>: float32 magnitudes of groups of 256 blocks, counted through the whole matrix; 0 where magnitudes are float32.</summary>
    public nint Groups { get; init; }

    /// <summary><see cref="LinearFormat.Nf4"/>: [256] float32 values of the magnitudes' codes; needed with <see cref="Groups"/>.</summary>
    public nint Table { get; init; }

    /// <summary><see cref="LinearFormat.Nf4"/>: added to magnitudes from codes.</summary>
    public double Mean { get; init; }

    /// <summary>Whether there is a matrix.</summary>
    public bool Exists => Outputs != 0;
}
