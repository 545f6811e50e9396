namespace LongContext.Cpu.Linear;

/// <summary>A matrix W [outputs, inputs] somewhere in memory, which its owner keeps in place while kernels run.</summary>
internal readonly unsafe record struct WeightMatrix
{
    /// <summary>How the numbers lie.</summary>
    public required WeightFormat Format { get; init; }

    /// <summary>Rows.</summary>
    public required int Outputs { get; init; }

    /// <summary>Columns.</summary>
    public required int Inputs { get; init; }

    /// <summary>Numbers or codes, rows one after another.</summary>
    public required nint Codes { get; init; }

    /// <summary>float32: a scale for each row (Int8, Float8), for each group [outputs, groups] (Int4), or for each block (Nf4); 0 for plain formats.</summary>
    public nint Scales { get; init; }

    /// <summary>Int4: a byte for each group [outputs, groups]; 0: all are 8.</summary>
    public nint Zeros { get; init; }

    /// <summary>Int4: columns that share a scale; divides <see cref="Inputs"/>.</summary>
    public int GroupSize { get; init; }

    /// <summary>
    /// Whether x is rounded to 8 bits in blocks of 32 before it is multiplied (<see cref="InputRounding"/>), which is faster; for Int4 whose groups are whole blocks, otherwise without effect.
    /// </summary>
    public bool RoundsInputs { get; init; }

    /// <summary>Whether each row has one scale, which multiplies a finished sum.</summary>
    public bool HasRowScales => Format is WeightFormat.Int8 or WeightFormat.Float8;

    /// <summary>Bytes of a row's codes.</summary>
    public long RowBytes => WeightSize.CodeBytes(Format, 1, Inputs);

    /// <summary>Throws where the fields do not fit together.</summary>
    /// <exception cref="ArgumentException">Names the field, what it is and what was expected.</exception>
    public void Check() => WeightMatrixCheck.Check(this);
}
