using LongContext.Data.Examples;
using LongContext.Packing;
using LongContext.Samples.Shared.Words;

namespace LongContext.Samples.BookSummarization.Words;

/// <summary>What the word model is tuned on: chapters with their summaries.</summary>
internal static class ChapterCurriculum
{
    private static readonly WordStage[] Stages =
    [
        new(0.20, [64], 0.7),
        new(0.20, [128, 256], 0.2),
        new(0.25, [512, 1024], 0.1),
        new(0.35, [256, 512, 1024, 2048, 2048], 0.05),
    ];

    public static List<TokenSequence> Make(WordLanguage language, long tokens, int seed)
    {
        var encoder = new ExampleEncoder(language.Tokenizer);
        return WordCurriculum.Make(language, Stages, tokens, seed, (random, length) =>
        {
            Chapter chapter = ChapterLanguage.Draw(language, random, length);
            return encoder.Encode(new PromptExample($"{chapter.Text} {ChapterLanguage.Ask}", $" {chapter.Summary}"));
        });
    }
}
