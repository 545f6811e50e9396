using LongContext.Checkpoints.Quantization;

namespace LongContext.Core.Tests.Checkpoints.Quantization;

/// <summary>Codes in words against the formulas by which others pack them, number by number.</summary>
public sealed class FourBitWordsTests
{
    private const int Cases = 60;

    /// <summary>AutoAWQ packs output word · 8 + order[i] into the bits from 4 · i on.</summary>
    private static readonly int[] AwqOrder = [0, 2, 4, 6, 1, 3, 5, 7];

    [Fact]
    public void WriteInputsPacked_EightInputs_HaveTheFirstInTheLowestBits()
    {
        byte[] codes = [0x10, 0x32, 0x54, 0x76]; // one row of the codes 0 to 7
        var words = new uint[1];
        FourBitWords.WriteInputsPacked(codes, 1, ColumnGroups.InOrder(8), words);
        Assert.Equal(0x76543210u, words[0]);
        FourBitWords.WriteRowsPacked(codes, 1, ColumnGroups.InOrder(8), words);
        Assert.Equal(0x76543210u, words[0]);
    }

    [Fact]
    public void WriteZeros_SymmetricPoints_AreSevensInTheFirstFormAndEightsInTheSecond()
    {
        byte[] zeros = [8, 8, 8, 8, 8, 8, 8, 8];
        var words = new uint[1];
        FourBitWords.WriteZeros(zeros, 8, 1, added: 1, words);
        Assert.Equal(0x77777777u, words[0]);
        FourBitWords.WriteZeros(zeros, 8, 1, added: 0, words);
        Assert.Equal(0x88888888u, words[0]);
    }

    [Fact]
    public void InputsPacked_AnyMatrix_IsTheFormulaAndComesBack()
    {
        for (int seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            (int rows, int columns) = (random.Next(1, 20), 8 * random.Next(1, 9));
            int[] places = seed % 2 == 0 ? ColumnGroups.InOrder(columns) : Shuffled(columns, random);
            byte[,] codes = Codes(rows, columns, random);
            var words = new uint[columns / 8 * rows];
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < columns; column++) words[(column / 8 * rows) + row] |= (uint)codes[row, column] << (4 * (column % 8));
            }

            var read = new byte[rows * FourBitWords.RowBytes(columns)];
            FourBitWords.ReadInputsPacked(words, rows, places, read);
            AssertPlaces(codes, places, read);
            var written = new uint[words.Length];
            FourBitWords.WriteInputsPacked(read, rows, places, written);
            Assert.Equal(words, written);
        }
    }

    [Fact]
    public void RowsPacked_AnyMatrix_IsTheFormulaAndComesBack()
    {
        for (int seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            (int rows, int columns) = (random.Next(1, 20), random.Next(1, 70));
            int[] places = seed % 2 == 0 ? ColumnGroups.InOrder(columns) : Shuffled(columns, random);
            byte[,] codes = Codes(rows, columns, random);
            int width = (columns + 7) / 8;
            var words = new uint[width * rows];
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < columns; column++) words[(row * width) + (column / 8)] |= (uint)codes[row, column] << (4 * (column % 8));
            }

            var read = new byte[rows * FourBitWords.RowBytes(columns)];
            FourBitWords.ReadRowsPacked(words, rows, places, read);
            AssertPlaces(codes, places, read);
            var written = new uint[words.Length];
            FourBitWords.WriteRowsPacked(read, rows, places, written);
            Assert.Equal(words, written);
        }
    }

    [Fact]
    public void ReadAwq_AnyMatrix_UndoesItsOrder()
    {
        for (int seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            (int rows, int columns, int groups) = (8 * random.Next(1, 5), random.Next(1, 40), random.Next(1, 4));
            byte[,] codes = Codes(rows, columns, random), zeros = Codes(rows, groups, random);
            var words = Awq(codes);
            var read = new byte[rows * FourBitWords.RowBytes(columns)];
            FourBitWords.ReadAwq(words, rows, columns, read);
            AssertPlaces(codes, ColumnGroups.InOrder(columns), read);
            var points = new byte[rows * groups];
            FourBitWords.ReadAwqZeros(Awq(zeros), rows, groups, points);
            Assert.Equal(zeros.Cast<byte>(), points);
        }
    }

    [Fact]
    public void Zeros_AnyPoints_AreTheFormulasAndComeBack()
    {
        for (int seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            (int rows, int groups, int added) = (8 * random.Next(1, 5), random.Next(1, 6), seed % 2);
            byte[,] zeros = Codes(rows, groups, random);
            var words = new uint[groups * rows / 8];
            for (int row = 0; row < rows; row++)
            {
                for (int group = 0; group < groups; group++) words[(group * rows / 8) + (row / 8)] |= (uint)((zeros[row, group] - added) & 15) << (4 * (row % 8));
            }

            var read = new byte[rows * groups];
            FourBitWords.ReadZeros(words, rows, groups, added, read);
            Assert.Equal(zeros.Cast<byte>(), read);
            var written = new uint[words.Length];
            FourBitWords.WriteZeros(read, rows, groups, added, written);
            Assert.Equal(words, written);
        }
    }

    [Fact]
    public void ZerosByOutputs_RowsThatFillNoWord_AreTheFormulaAndComeBack()
    {
        for (int seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            (int rows, int groups) = (random.Next(1, 30), random.Next(1, 6));
            byte[,] zeros = Codes(rows, groups, random);
            var words = new uint[(rows + 7) / 8 * groups];
            for (int row = 0; row < rows; row++)
            {
                for (int group = 0; group < groups; group++) words[(row / 8 * groups) + group] |= (uint)zeros[row, group] << (4 * (row % 8));
            }

            var read = new byte[rows * groups];
            FourBitWords.ReadZerosByOutputs(words, rows, groups, read);
            Assert.Equal(zeros.Cast<byte>(), read);
            var written = new uint[words.Length];
            FourBitWords.WriteZerosByOutputs(read, rows, groups, written);
            Assert.Equal(words, written);
        }
    }

    private static uint[] Awq(byte[,] codes)
    {
        (int rows, int columns) = (codes.GetLength(0), codes.GetLength(1));
        var words = new uint[columns * rows / 8];
        for (int column = 0; column < columns; column++)
        {
            for (int word = 0; word < rows / 8; word++)
            {
                for (int i = 0; i < 8; i++) words[(column * rows / 8) + word] |= (uint)codes[(word * 8) + AwqOrder[i], column] << (4 * i);
            }
        }

        return words;
    }

    private static void AssertPlaces(byte[,] codes, int[] places, byte[] read)
    {
        int rowBytes = (int)FourBitWords.RowBytes(places.Length);
        for (int row = 0; row < codes.GetLength(0); row++)
        {
            for (int place = 0; place < places.Length; place++)
                Assert.Equal(codes[row, places[place]], (read[(row * rowBytes) + (place / 2)] >> (4 * (place % 2))) & 15);
        }
    }

    private static byte[,] Codes(int rows, int columns, Random random)
    {
        var codes = new byte[rows, columns];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++) codes[row, column] = (byte)random.Next(16);
        }

        return codes;
    }

    private static int[] Shuffled(int count, Random random)
    {
        int[] places = ColumnGroups.InOrder(count);
        random.Shuffle(places);
        return places;
    }
}
