using LongContext.Samples.Shared.Words;

namespace LongContext.Samples.BookSummarization.Words;

/// <summary>A paragraph of a made-up chapter.</summary>
/// <param name="Sign">Its number, one of the sixteen signs in their order.</param>
/// <param name="KeySentence">What the summary has of it.</param>
/// <param name="Rest">What the summary has not.</param>
/// <param name="IsFinal">Whether it is the chapter's last: its key sentence ends in another sign.</param>
internal sealed record Paragraph(string Sign, string KeySentence, string Rest, bool IsFinal)
{
    public string Opening => $"{Sign} {KeySentence} {(IsFinal ? ChapterLanguage.FinalSign : WordLanguage.EndSign)}";

    public int OpeningTokens => KeySentence.Split(' ').Length + 2;
}
