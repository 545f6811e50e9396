using LongContext.Chat;
using LongContext.Packing;
using LongContext.Samples.Shared.Words;

namespace LongContext.Samples.MultiDocumentQA.Words;

/// <summary>What the word model is tuned on: conversations about documents, few of them first, then ever more.</summary>
internal static class PassageCurriculum
{
    private const int QuestionTokens = 3 + PassageLanguage.AnswerWords + 1;
    private static readonly RecordsFormat Format = new();

    private static readonly WordStage[] Stages =
    [
        new(0.20, [64], 0.7),
        new(0.15, [256], 0.2),
        new(0.25, [512, 1024], 0.1),
        new(0.40, [1024, 2048, 2048], 0.05),
    ];

    public static List<TokenSequence> Make(WordLanguage language, long tokens, int seed) =>
        WordCurriculum.Make(language, Stages, tokens, seed, (random, length) => Conversation(language, random, length));

    /// <summary>Documents in two fifths to nine tenths of the length, then questions about as many of them as there is room for, none twice.</summary>
    private static TokenSequence Conversation(WordLanguage language, Random random, int length)
    {
        int room = Math.Min(length - 1 - QuestionTokens, Math.Max(PassageLanguage.LongestPassage, (int)(length * (0.4 + (0.5 * random.NextDouble())))));
        var passages = new List<Passage>();
        foreach (Passage passage in PassageLanguage.Draw(language, random, (room / (PassageLanguage.LongestPassage - 6)) + 1))
        {
            int size = Size(passage);
            if (size > room) break;
            passages.Add(passage);
            room -= size;
        }

        int questions = (length - 1 - passages.Sum(Size)) / QuestionTokens;
        Passage[] asked = [.. passages];
        random.Shuffle(asked);
        var turns = new List<ChatTurn>();
        foreach (Passage passage in asked.Take(questions))
        {
            string question = PassageLanguage.Question(passage);
            turns.Add(new ChatTurn("user", turns.Count == 0 ? $"{string.Join(' ', passages)} {question}" : question));
            turns.Add(new ChatTurn("assistant", passage.Answer));
        }

        return Format.Render(turns).Encode(language.Tokenizer);
    }

    private static int Size(Passage passage) => 2 + passage.Text.Count(c => c == ' ') + 1;
}
