namespace LongContext.Checkpoints.Quantization;

/// <summary>
/// Codes of four bits in words of 32, as checkpoints hold them: eight codes a word, the first in the lowest bits unless said otherwise.
/// Inside this library a row's codes lie two in a byte, the first in the low half.
/// </summary>
internal static class FourBitWords
{
    /// <summary>Codes of a word.</summary>
    public const int PerWord = 8;

    /// <summary>Which of eight outputs lies in the i-th four bits of AutoAWQ's words ("gemm" version).</summary>
    private static readonly int[] AwqOrder = [0, 2, 4, 6, 1, 3, 5, 7];

    /// <summary>Bytes of a row of codes, two in a byte.</summary>
    public static long RowBytes(long columns) => (columns + 1) / 2;

    /// <summary>Words for so many codes.</summary>
    public static long WordsOf(long codes) => (codes + PerWord - 1) / PerWord;

    /// <summary>
    /// GPTQ's qweight [inputs / 8, outputs]: a word holds eight inputs of one output. Reads input <c>columns[place]</c> into each place of a row, so
    /// that columns whose groups are scattered come together.
    /// </summary>
    /// <param name="words">The words.</param>
    /// <param name="outputs">Rows of the matrix.</param>
    /// <param name="columns">The input of each place; as many as the matrix has columns.</param>
    /// <param name="codes">Rows of <see cref="RowBytes"/>.</param>
    public static void ReadInputsPacked(ReadOnlySpan<uint> words, int outputs, ReadOnlySpan<int> columns, Span<byte> codes)
    {
        int rowBytes = (int)RowBytes(columns.Length);
        codes.Clear();
        for (int place = 0; place < columns.Length; place++)
        {
            int column = columns[place], shift = 4 * (column % PerWord), half = 4 * (place & 1);
            ReadOnlySpan<uint> row = words.Slice(column / PerWord * outputs, outputs);
            for (int output = 0, at = place / 2; output < outputs; output++, at += rowBytes) codes[at] |= (byte)(((row[output] >> shift) & 15) << half);
        }
    }

    /// <summary>The reverse of <see cref="ReadInputsPacked"/>.</summary>
    /// <param name="codes">Rows of <see cref="RowBytes"/>.</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="columns">The input of each place.</param>
    /// <param name="words">[inputs / 8, outputs].</param>
    public static void WriteInputsPacked(ReadOnlySpan<byte> codes, int outputs, ReadOnlySpan<int> columns, Span<uint> words)
    {
        int rowBytes = (int)RowBytes(columns.Length);
        words.Clear();
        for (int place = 0; place < columns.Length; place++)
        {
            int column = columns[place], shift = 4 * (column % PerWord), half = 4 * (place & 1);
            Span<uint> row = words.Slice(column / PerWord * outputs, outputs);
            for (int output = 0, at = place / 2; output < outputs; output++, at += rowBytes) row[output] |= (uint)((codes[at] >> half) & 15) << shift;
        }
    }

    /// <summary>
    /// Zero points [groups, outputs / 8] to [outputs, groups], one a byte. A file of the first form of GPTQ ("gptq") holds one less than the
    /// zero point, so that 1 is added, modulo 16.
    /// </summary>
    public static void ReadZeros(ReadOnlySpan<uint> words, int outputs, int groups, int added, Span<byte> zeros)
    {
        for (int group = 0; group < groups; group++)
        {
            ReadOnlySpan<uint> row = words.Slice(group * (outputs / PerWord), outputs / PerWord);
            for (int output = 0; output < outputs; output++) zeros[(output * groups) + group] = (byte)(((row[output / PerWord] >> (4 * (output % PerWord))) + (uint)added) & 15);
        }
    }

    /// <summary>The reverse of <see cref="ReadZeros"/>.</summary>
    public static void WriteZeros(ReadOnlySpan<byte> zeros, int outputs, int groups, int added, Span<uint> words)
    {
        words.Clear();
        for (int group = 0; group < groups; group++)
        {
            Span<uint> row = words.Slice(group * (outputs / PerWord), outputs / PerWord);
            for (int output = 0; output < outputs; output++) row[output / PerWord] |= (uint)((zeros[(output * groups) + group] - added) & 15) << (4 * (output % PerWord));
        }
    }

    /// <summary>AWQ's qweight [inputs, outputs / 8]: a word holds eight outputs of one input, in AWQ's order.</summary>
    public static void ReadAwq(ReadOnlySpan<uint> words, int outputs, int inputs, Span<byte> codes)
    {
        int rowBytes = (int)RowBytes(inputs);
        codes.Clear();
        for (int input = 0; input < inputs; input++)
        {
            for (int word = 0; word < outputs / PerWord; word++)
            {
                uint bits = words[(input * (outputs / PerWord)) + word];
                for (int i = 0; i < PerWord; i++)
                    codes[(((word * PerWord) + AwqOrder[i]) * rowBytes) + (input / 2)] |= (byte)(((bits >> (4 * i)) & 15) << (4 * (input & 1)));
            }
        }
    }

    /// <summary>AWQ's qzeros [groups, outputs / 8] to [outputs, groups].</summary>
    public static void ReadAwqZeros(ReadOnlySpan<uint> words, int outputs, int groups, Span<byte> zeros)
    {
        for (int group = 0; group < groups; group++)
        {
            for (int word = 0; word < outputs / PerWord; word++)
            {
                uint bits = words[(group * (outputs / PerWord)) + word];
                for (int i = 0; i < PerWord; i++) zeros[(((word * PerWord) + AwqOrder[i]) * groups) + group] = (byte)((bits >> (4 * i)) & 15);
            }
        }
    }

    /// <summary>
    /// compressed-tensors' weight_packed [outputs, ⌈inputs / 8⌉]: a word holds eight inputs of one output, the number plus 8. Place by place, as
    /// <see cref="ReadInputsPacked"/>.
    /// </summary>
    public static void ReadRowsPacked(ReadOnlySpan<uint> words, int outputs, ReadOnlySpan<int> columns, Span<byte> codes)
    {
        int rowBytes = (int)RowBytes(columns.Length), rowWords = (int)WordsOf(columns.Length);
        codes.Clear();
        for (int output = 0; output < outputs; output++)
        {
            ReadOnlySpan<uint> row = words.Slice(output * rowWords, rowWords);
            Span<byte> target = codes.Slice(output * rowBytes, rowBytes);
            for (int place = 0; place < columns.Length; place++)
                target[place / 2] |= (byte)(((row[columns[place] / PerWord] >> (4 * (columns[place] % PerWord))) & 15) << (4 * (place & 1)));
        }
    }

    /// <summary>The reverse of <see cref="ReadRowsPacked"/>; what fills the last word of a row is 0.</summary>
    public static void WriteRowsPacked(ReadOnlySpan<byte> codes, int outputs, ReadOnlySpan<int> columns, Span<uint> words)
    {
        int rowBytes = (int)RowBytes(columns.Length), rowWords = (int)WordsOf(columns.Length);
        words.Clear();
        for (int output = 0; output < outputs; output++)
        {
            ReadOnlySpan<byte> source = codes.Slice(output * rowBytes, rowBytes);
            Span<uint> row = words.Slice(output * rowWords, rowWords);
            for (int place = 0; place < columns.Length; place++)
                row[columns[place] / PerWord] |= (uint)((source[place / 2] >> (4 * (place & 1))) & 15) << (4 * (columns[place] % PerWord));
        }
    }

    /// <summary>compressed-tensors' weight_zero_point [⌈outputs / 8⌉, groups]: a word holds eight outputs of one group, the zero point plus 8.</summary>
    public static void ReadZerosByOutputs(ReadOnlySpan<uint> words, int outputs, int groups, Span<byte> zeros)
    {
        for (int output = 0; output < outputs; output++)
        {
            for (int group = 0; group < groups; group++)
                zeros[(output * groups) + group] = (byte)((words[(output / PerWord * groups) + group] >> (4 * (output % PerWord))) & 15);
        }
    }

    /// <summary>The reverse of <see cref="ReadZerosByOutputs"/>.</summary>
    public static void WriteZerosByOutputs(ReadOnlySpan<byte> zeros, int outputs, int groups, Span<uint> words)
    {
        words.Clear();
        for (int output = 0; output < outputs; output++)
        {
            for (int group = 0; group < groups; group++)
                words[(output / PerWord * groups) + group] |= (uint)(zeros[(output * groups) + group] & 15) << (4 * (output % PerWord));
        }
    }
}
