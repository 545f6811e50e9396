using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>Groups of int4 weights, for files that hold them.</summary>
internal static class Int4Groups
{
    /// <summary>The group size that all weights have, null for whole rows; a row that is shorter is a group.</summary>
    /// <exception cref="NotSupportedException">Two weights differ.</exception>
    public static int? Common(IReadOnlyList<Parameter> quantized)
    {
        Int4Weight[] weights = [.. quantized.Select(parameter => (Int4Weight)parameter.Quantized!)];
        if (weights.All(weight => weight.Groups <= 1)) return null;
        int size = weights.Where(weight => weight.Groups > 1).Max(weight => weight.GroupSize);
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i].GroupSize != Math.Min(size, weights[i].Shape[1]))
                throw new NotSupportedException($"'{quantized[i].Name}' has groups of {weights[i].GroupSize} inputs, others of {size}; files say one size for all.");
        }

        return size;
    }

    /// <summary>The group of each column.</summary>
    public static int[] Index(Int4Weight weight)
    {
        var index = new int[weight.Shape[1]];
        for (int place = 0; place < index.Length; place++) index[weight.Columns?[place] ?? place] = place / weight.GroupSize;
        return index;
    }

    /// <summary>Zero points [rows, groups] on the host.</summary>
    public static byte[] Zeros(Int4Weight weight)
    {
        using var scope = NewDisposeScope();
        if (weight.Zeros is { } zeros) return zeros.cpu().contiguous().data<byte>().ToArray();
        var all = new byte[weight.Shape[0] * weight.Groups];
        Array.Fill(all, (byte)Int4Weight.Middle);
        return all;
    }
}
