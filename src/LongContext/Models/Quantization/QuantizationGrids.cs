namespace LongContext.Models.Quantization;

/// <summary>The grid of a format, and rounding to it.</summary>
internal static class QuantizationGrids
{
    /// <summary>An empty grid.</summary>
    /// <param name="options">Format, group and so on.</param>
    /// <param name="name">The weight's name, for errors.</param>
    /// <param name="shape">Its shape.</param>
    public static QuantizationGrid Make(QuantizationOptions options, string name, long[] shape)
    {
        int rows = checked((int)shape[0]), columns = checked((int)shape[1]);
        return options.Format switch
        {
            QuantizationFormat.Int8 => new Int8Grid(name, rows, columns),
            QuantizationFormat.Int4 => new Int4Grid(name, rows, columns, Math.Min(options.GroupSize ?? columns, columns), options.Symmetric),
            QuantizationFormat.Nf4 => new Nf4Grid(name, rows, columns, options.DoubleQuantized),
            _ => new Float8Grid(name, rows, columns),
        };
    }

    /// <summary>Chooses all groups' scales.</summary>
    /// <param name="grid">The grid.</param>
    /// <param name="values">The matrix, row by row.</param>
    public static void FitAll(QuantizationGrid grid, double[] values)
    {
        if (grid.RunsOverRows)
        {
            ForParts(grid.Groups, group =>
            {
                long start = group * grid.GroupSize;
                grid.Fit(group, values.AsSpan((int)start, (int)Math.Min(grid.GroupSize, values.LongLength - start)));
            });
            return;
        }

        ForParts(grid.Rows, row =>
        {
            for (int group = 0; group < grid.GroupsOfRow; group++)
            {
                int start = group * grid.GroupSize;
                grid.Fit((row * grid.GroupsOfRow) + group, values.AsSpan((int)(row * grid.Columns) + start, Math.Min(grid.GroupSize, grid.Columns - start)));
            }
        });
    }

    /// <summary>Each value's nearest code; the grid must be fitted.</summary>
    public static byte[] Round(QuantizationGrid grid, double[] values)
    {
        var codes = new byte[values.Length];
        ForParts(grid.Rows, row =>
        {
            int start = (int)row * grid.Columns;
            for (int column = 0; column < grid.Columns; column++) codes[start + column] = grid.Code(values[start + column], grid.GroupOf((int)row, column));
        });
        return codes;
    }

    /// <summary>Runs parts at the same time; a fault is thrown as it is.</summary>
    public static void ForParts(long count, Action<long> part)
    {
        try
        {
            Parallel.For(0, count, part);
        }
        catch (AggregateException exception)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(exception.InnerExceptions[0]);
            throw;
        }
    }
}
