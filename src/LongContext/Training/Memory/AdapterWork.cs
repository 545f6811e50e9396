using LongContext.Adapters;

namespace LongContext.Training.Memory;

/// <summary>What <see cref="LoraLayer"/> takes beside a map's own outputs and gradients, of the dearest map that has one.</summary>
internal sealed class AdapterWork
{
    private readonly List<Map> maps = [];

    /// <summary>Takes a map in.</summary>
    /// <param name="options">The adapter's.</param>
    /// <param name="outputs">Rows of the map's matrix.</param>
    /// <param name="inputs">Columns of it.</param>
    /// <param name="size">Bytes of a value of the hidden states.</param>
    public void Add(LoraOptions options, long outputs, long inputs, long size)
    {
        if (!options.WeightDecomposed && options.Dropout == 0) return;
        var map = new Map(outputs, inputs, size, options.WeightDecomposed, options.Dropout > 0);
        if (!maps.Contains(map)) maps.Add(map);
    }

    /// <summary>Bytes for so many tokens at a time.</summary>
    /// <param name="rows">Tokens.</param>
    /// <param name="resident">What becomes of a tensor's bytes where it lies.</param>
    public long Bytes(long rows, Func<long, long> resident) => maps.Select(map => map.Bytes(rows, resident)).DefaultIfEmpty().Max();

    /// <param name="Outputs">Rows of the matrix.</param>
    /// <param name="Inputs">Columns of it.</param>
    /// <param name="Size">Bytes of a value.</param>
    /// <param name="IsDecomposed">Whether it has magnitudes.</param>
    /// <param name="Drops">Whether inputs are dropped.</param>
    private sealed record Map(long Outputs, long Inputs, long Size, bool IsDecomposed, bool Drops)
    {
        public long Bytes(long rows, Func<long, long> resident)
        {
            long inputs = rows * Inputs * Size, outputs = rows * Outputs * Size;
            // The mask, and the inputs that it leaves; in the backward the gradient of these.
            long dropped = Drops ? 3 * resident(inputs) : 0;
            // While the mask is drawn: the numbers of its values and what they are mixed with.
            long drawing = Drops ? resident(inputs) + (2 * resident(Math.Min(rows * Inputs, LoraDropout.ElementsAtOnce) * sizeof(int))) : 0;
            return Math.Max(drawing, dropped + (IsDecomposed ? Math.Max(NormWork(resident), OutputWork(outputs, resident)) : 0));
        }

        /// <summary>Of a block of rows the sum, what is added to it and the squares.</summary>
        private long NormWork(Func<long, long> resident) => 3 * resident(LoraLayer.RowsAtOnce(Outputs, Inputs) * Inputs * Math.Max(4, Size));

        /// <summary>
        /// Products with the gradient or the scaled gradient, of half types in float32 with the rounded one; with dropout, what the kept inputs give apart from what all give.
        /// </summary>
        private long OutputWork(long outputs, Func<long, long> resident) => ((Drops ? 2 : 1) * resident(outputs)) + (Size < 4 ? resident(outputs / Size * 4) : 0);
    }
}
