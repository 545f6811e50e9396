using LongContext.Samples.Shared.Words;

namespace LongContext.Samples.MultiDocumentQA.Words;

/// <summary>Questions in the word model's language that no training saw: their seeds are far from its own.</summary>
internal sealed class WordQuestions(WordLanguage language) : IQuestionSet
{
    private const int FirstSeed = 1_000_000_000;

    public PositionQuestion Ask(int number, int documents, int? gold)
    {
        Passage[] drawn = PassageLanguage.Draw(language, new Random(FirstSeed + (documents * 10_000) + number), documents + 1);
        Passage asked = drawn[0];
        List<Passage> shown = [.. drawn.Skip(1)];
        if (gold is { } place)
        {
            // The gold document takes the place of one that does not share its title's word: that one is the hardest to tell from it.
            shown.RemoveAt(shown.FindLastIndex(passage => passage.Word != asked.Word));
            shown.Insert(place, asked);
        }

        return new PositionQuestion($"{string.Join(' ', shown)} {PassageLanguage.Question(asked)}", [asked.Answer]);
    }
}
