using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>
/// The values that a matrix's elements can take, and their codes: the part of quantising that depends on the format. A scale belongs to a group
/// of columns of a row, or to a block of elements counted over rows' ends.
/// </summary>
internal abstract class QuantizationGrid
{
    protected QuantizationGrid(string name, int rows, int columns, int groupSize, bool runsOverRows = false)
    {
        (Name, Rows, Columns, GroupSize, RunsOverRows) = (name, rows, columns, groupSize, runsOverRows);
        GroupsOfRow = runsOverRows ? 0 : (columns + groupSize - 1) / groupSize;
        Groups = runsOverRows ? (((long)rows * columns) + groupSize - 1) / groupSize : (long)rows * GroupsOfRow;
    }

    /// <summary>The weight's name, for errors.</summary>
    public string Name { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Elements that share a scale; the last group may have fewer.</summary>
    public int GroupSize { get; }

    /// <summary>Whether groups are counted over rows' ends.</summary>
    public bool RunsOverRows { get; }

    /// <summary>Groups of a row, where groups end with their row.</summary>
    public int GroupsOfRow { get; }

    /// <summary>All groups.</summary>
    public long Groups { get; }

    /// <summary>The group of an element.</summary>
    public long GroupOf(int row, int column) => RunsOverRows ? (((long)row * Columns) + column) / GroupSize : ((long)row * GroupsOfRow) + (column / GroupSize);

    /// <summary>Chooses a group's scale.</summary>
    /// <param name="group">Its number.</param>
    /// <param name="values">Its elements.</param>
    /// <exception cref="NotSupportedException">A value is not finite or too large for the format.</exception>
    public abstract void Fit(long group, ReadOnlySpan<double> values);

    /// <summary>The code of the value that is nearest.</summary>
    public abstract byte Code(double value, long group);

    /// <summary>What a code stands for.</summary>
    public abstract float Value(byte code, long group);

    /// <summary>The weight.</summary>
    /// <param name="codes">A code an element, row by row.</param>
    /// <param name="device">Where it goes.</param>
    public abstract QuantizedWeight Build(byte[] codes, Device device);

    protected NotSupportedException NotFinite() => new($"Tensor '{Name}' holds values that are not finite, and cannot be quantised.");

    /// <summary>The largest magnitude.</summary>
    /// <exception cref="NotSupportedException">A value is not finite.</exception>
    protected double LargestMagnitude(ReadOnlySpan<double> values)
    {
        double largest = 0;
        foreach (double value in values)
        {
            if (!double.IsFinite(value)) throw NotFinite();
            largest = Math.Max(largest, Math.Abs(value));
        }

        return largest;
    }
}
