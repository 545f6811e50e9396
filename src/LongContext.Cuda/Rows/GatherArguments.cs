using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Rows;

/// <summary>result[i] = scale · table[indices[i]]: embeddings of tokens, or the rows of which results are wanted.</summary>
internal readonly record struct GatherArguments
{
    /// <summary>Type of table and result.</summary>
    public required ElementType Type { get; init; }

    /// <summary>Rows of the result.</summary>
    public required long Rows { get; init; }

    public required int Columns { get; init; }

    /// <summary>int32 [rows]; a row whose index the table does not have becomes zeros.</summary>
    public required nint Indices { get; init; }

    /// <summary>[table rows, columns].</summary>
    public required RowTensor Table { get; init; }

    public required int TableRows { get; init; }

    /// <summary>[rows, columns]; not the table.</summary>
    public required RowTensor Result { get; init; }

    /// <summary>The factor, which is rounded to the type first, as Gemma's is; the product is rounded once. 1 by default.</summary>
    public double Scale { get; init; }

    public GatherArguments() => Scale = 1;
}
