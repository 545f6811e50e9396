using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace LongContext.Cuda.Pointwise;

/// <summary>Checks of what launchers are given. Messages name the argument.</summary>
internal static class LaunchGuard
{
    /// <summary>An address that must be there and fit its elements.</summary>
    public static void Address(nint address, int elementBytes, [CallerArgumentExpression(nameof(address))] string? name = null)
    {
        if (address == 0) Throw($"{name} has no address.", name);
        if (address % elementBytes != 0) Throw($"{name} is at 0x{address:x}, which is no multiple of its elements' {elementBytes} bytes.", name);
    }

    /// <summary>A tensor that must be there, with rows that do not overlap.</summary>
    public static void Tensor(in RowTensor tensor, ElementType type, long columns, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        Address(tensor.Address, type.Bytes(), name);
        if (tensor.Stride < columns) Throw($"{name}: its rows are {tensor.Stride} elements apart, but have {columns}.", name);
    }

    /// <summary>A tensor that may be absent.</summary>
    public static void Optional(in RowTensor tensor, ElementType type, long columns, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        if (tensor.Exists) Tensor(tensor, type, columns, name);
    }

    /// <summary>A tensor that is written: it may be one of those that are read, element for element, but not overlap it otherwise.</summary>
    public static void SameOrApart(
        in RowTensor written, in RowTensor read, ElementType type, long rows, long columns,
        [CallerArgumentExpression(nameof(written))] string? name = null, [CallerArgumentExpression(nameof(read))] string? other = null)
    {
        if (!read.Exists || !written.Exists || rows == 0 || written == read || (rows == 1 && written.Address == read.Address)) return;
        // Slices of one wider tensor lie between each other: the same stride, and columns that do not meet.
        long bytes = type.Bytes(), difference = written.Address - read.Address;
        if (written.Stride == read.Stride)
        {
            long stride = written.Stride * bytes, offset = ((difference % stride) + stride) % stride;
            if (offset >= columns * bytes && offset + (columns * bytes) <= stride) return;
        }

        long writtenEnd = written.Address + ((((rows - 1) * written.Stride) + columns) * bytes), readEnd = read.Address + ((((rows - 1) * read.Stride) + columns) * bytes);
        if (written.Address < readEnd && read.Address < writtenEnd) Throw($"{name} overlaps {other}; it may be the same tensor, or must lie apart.", name);
    }

    /// <summary>A size that must be above 0.</summary>
    public static void Positive(long value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (value <= 0) throw new ArgumentOutOfRangeException(name, value, $"{name} must be positive.");
    }

    /// <summary>A size that may be 0.</summary>
    public static void NotNegative(long value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (value < 0) throw new ArgumentOutOfRangeException(name, value, $"{name} must not be negative.");
    }

    [DoesNotReturn]
    public static void Throw(string message, string? name) => throw new ArgumentException(message, name);
}
