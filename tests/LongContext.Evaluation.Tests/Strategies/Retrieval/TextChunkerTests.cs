using LongContext.Data.Making;
using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Retrieval;

public class TextChunkerTests
{
    private static readonly Tokenizer Letters = PieceTokenizer.CharacterLevel;

    private static string[] Split(string text, ChunkingOptions options, Tokenizer? tokenizer = null) =>
        [.. TextChunker.Split(text, options, tokenizer ?? Letters).Select(chunk => chunk.Text)];

    [Fact]
    public void Split_Characters_AreCodePoints() =>
        Assert.Equal(["😀b", "😀d", "e"], Split("😀b😀de", new() { Size = 2, KeepsSentences = false }));

    [Fact]
    public void Split_Words_KeepWhiteSpace() =>
        Assert.Equal([" one two  ", "three\nfour ", "five"], Split(" one two  three\nfour five", new() { Unit = ChunkUnit.Words, Size = 2, KeepsSentences = false }));

    [Fact]
    public void Split_Tokens_AreTheTokenizers() =>
        Assert.Equal(["abcdef", "gh ijk"], Split("abcdefgh ijk", new() { Unit = ChunkUnit.Tokens, Size = 2, KeepsSentences = false }, PieceTokenizer.Subword));

    [Fact]
    public void Split_Overlap_RepeatsTheEndOfThePassageBefore() =>
        Assert.Equal(["abcd", "cdef", "efgh", "ghi"], Split("abcdefghi", new() { Size = 4, Overlap = 2, KeepsSentences = false }));

    [Fact]
    public void Split_Sentences_EndPassagesInTheirSecondHalf()
    {
        // Of 20 characters: "One two. " would be in the first half, so the passage ends after a word.
        Assert.Equal(["One two. Three four ", "five six. Seven."], Split("One two. Three four five six. Seven.", new() { Size = 20 }));
        Assert.Equal(["One two three. ", "Four five six. ", "Seven."], Split("One two three. Four five six. Seven.", new() { Size = 20 }));
        Assert.Equal(["abcdefghij", "klmnopqrst", "uvwxyz"], Split("abcdefghijklmnopqrstuvwxyz", new() { Size = 10 }));
    }

    [Fact]
    public void Split_SentencesWithOverlap_BeginAtASentenceOrWord() =>
        Assert.Equal(["One two three. Four five six. ", "Four five six. Seven eight."], Split("One two three. Four five six. Seven eight.", new() { Size = 32, Overlap = 18 }));

    [Theory]
    [MemberData(nameof(CuttingTokenizers.All), MemberType = typeof(CuttingTokenizers))]
    public void Split_AnySettings_CoverTheTextAndKeepTheSize(string name)
    {
        Tokenizer tokenizer = CuttingTokenizers.Get(name);
        for (int seed = 0; seed < 40; seed++)
        {
            string text = name == "bpe" ? string.Concat(Enumerable.Repeat($"the {seed} winter. String\n", seed % 9)) : CuttingTokenizers.Text(seed, seed * 3);
            int size = 1 + (seed % 13);
            foreach (ChunkUnit unit in Enum.GetValues<ChunkUnit>())
            {
                foreach ((int overlap, bool sentences) in new[] { (0, false), (0, true), (size / 2, false), (size - 1, true) })
                {
                    List<TextChunk> chunks = TextChunker.Split(text, new() { Unit = unit, Size = size, Overlap = overlap, KeepsSentences = sentences }, tokenizer);
                    int covered = 0;
                    foreach (TextChunk chunk in chunks)
                    {
                        Assert.Equal(text[chunk.Start..chunk.End], chunk.Text);
                        Assert.True(chunk.Start <= covered, $"{unit} {overlap} {sentences} {size} seed {seed}: {chunk} after {covered} of {text}");
                        Assert.True(chunk.End > covered);
                        if (overlap == 0) Assert.Equal(covered, chunk.Start);
                        Assert.True(TextUnits.IsBorder(text, chunk.Start) && TextUnits.IsBorder(text, chunk.End));
                        if (unit == ChunkUnit.Characters) Assert.InRange(chunk.Text.EnumerateRunes().Count(), 1, size);
                        if (unit == ChunkUnit.Words) Assert.InRange(TextUnits.Words(chunk.Text).Count, 0, size);
                        if (unit == ChunkUnit.Characters) Assert.InRange(text[chunk.Start..Math.Max(chunk.Start, covered)].EnumerateRunes().Count(), 0, overlap);
                        covered = chunk.End;
                    }

                    Assert.Equal(text.Length, covered);
                    Assert.Equal(Enumerable.Range(0, chunks.Count), chunks.Select(chunk => chunk.Index));
                }
            }
        }
    }

    [Fact]
    public void Split_HalfSurrogatePairs_AreCharactersToo()
    {
        string text = "a\uD83Db\uDE00c";
        Assert.Equal(text, string.Concat(Split(text, new() { Size = 2 })));
        Assert.Equal(3, Split(text, new() { Size = 2, KeepsSentences = false }).Length);
        Assert.Equal(5, text.EnumerateRunes().Count());
    }
}
