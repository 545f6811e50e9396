using LongContext.Chat;
using LongContext.Packing;
using LongContext.Samples.Shared.Words;

namespace LongContext.Samples.BookSummarization.Words;

/// <summary>What the word model is tuned on: chapters with their summaries, short ones first, then ever longer.</summary>
internal static class ChapterCurriculum
{
    private static readonly RecordsFormat Format = new();

    /// <summary>Share of the tokens, lengths of chapter and summary, how many of them are plain rows to copy.</summary>
    private static readonly (double Share, int[] Lengths, double Copies)[] Stages =
    [
        (0.20, [64], 0.7),
        (0.20, [128, 256], 0.2),
        (0.25, [512, 1024], 0.1),
        (0.35, [1024, 2048], 0.05),
    ];

    /// <summary>Sequences in the order in which they are to be learned from.</summary>
    public static List<TokenSequence> Make(WordLanguage language, long tokens, int seed)
    {
        var random = new Random(seed);
        var sequences = new List<TokenSequence>();
        foreach ((double share, int[] lengths, double copies) in Stages)
        {
            for (long left = (long)(share * tokens); left > 0; left -= sequences[^1].Length)
            {
                int length = lengths[random.Next(lengths.Length)];
                sequences.Add(random.NextDouble() < copies ? CopyRows.Make(language, random, length) : Conversation(ChapterLanguage.Draw(language, random, length), language));
            }
        }

        return sequences;
    }

    private static TokenSequence Conversation(Chapter chapter, WordLanguage language) =>
        Format.Render([new ChatTurn("user", $"{chapter.Text} {ChapterLanguage.Ask}"), new ChatTurn("assistant", chapter.Summary)]).Encode(language.Tokenizer);
}
