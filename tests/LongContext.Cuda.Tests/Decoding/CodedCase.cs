using LongContext.Cuda.Decoding;

namespace LongContext.Cuda.Tests.Decoding;

/// <summary>A case's keys and values as rows of a coded cache. The case has their numbers from then on.</summary>
internal sealed class CodedCase
{
    public CodedCase(DecodingCase c, CacheCodes codes)
    {
        Codes = codes;
        RowBytes = CodedRow.Bytes(c.Shape.KeyHeads, c.Shape.HeadSize);
        K = [.. c.K.Select(values => Encode(c.Shape, codes, values))];
        V = [.. c.V.Select(values => Encode(c.Shape, codes, values))];
    }

    public CacheCodes Codes { get; }

    public int RowBytes { get; }

    /// <summary>Of each sequence, [length, row bytes].</summary>
    public byte[][] K { get; }

    public byte[][] V { get; }

    /// <summary>Rows of [heads, size], which become what the codes say.</summary>
    public static byte[] Encode(DecodingShape shape, CacheCodes codes, float[] values)
    {
        (int heads, int size, int stride) = (shape.KeyHeads, shape.HeadSize, CodedRow.Bytes(shape.KeyHeads, shape.HeadSize));
        var rows = new byte[values.Length / (heads * size) * stride];
        for (int at = 0, head = 0; at < values.Length; at += size, head++)
        {
            Span<byte> row = rows.AsSpan(head / heads * stride, stride);
            Span<float> own = values.AsSpan(at, size);
            float largest = 0;
            foreach (float x in own) largest = MathF.Max(largest, MathF.Abs(x));
            float scale = largest * (1f / (codes == CacheCodes.Int8 ? 127 : 448));
            for (int i = 0; i < size; i++)
            {
                byte code = CodeOf(codes, own[i] / (scale == 0 ? 1 : scale));
                row[(head % heads * size) + i] = code;
                own[i] = ElementBits.Round(shape.Element, NumberOf(codes, code) * scale);
            }

            BitConverter.TryWriteBytes(row[(CodedRow.ScaleStart(heads, size) + (head % heads * 4))..], scale);
        }

        return rows;
    }

    public static float NumberOf(CacheCodes codes, byte code)
    {
        if (codes == CacheCodes.Int8) return (sbyte)code;
        int exponent = (code >> 3) & 15, mantissa = code & 7;
        double magnitude = exponent == 0 ? mantissa / 512.0 : (1 + (mantissa / 8.0)) * Math.Pow(2, exponent - 7);
        return (float)(code < 128 ? magnitude : -magnitude);
    }

    /// <summary>The nearest of all, of two the even one.</summary>
    private static byte CodeOf(CacheCodes codes, float x)
    {
        if (codes == CacheCodes.Int8) return (byte)(sbyte)MathF.Round(x, MidpointRounding.ToEven);
        int best = 0;
        for (int code = 1; code < 127; code++)
        {
            double distance = Math.Abs((double)MathF.Abs(x) - NumberOf(codes, (byte)code)), least = Math.Abs((double)MathF.Abs(x) - NumberOf(codes, (byte)best));
            if (distance < least || (distance == least && code % 2 == 0)) best = code;
        }

        return (byte)(best | (x < 0 ? 128 : 0));
    }
}
