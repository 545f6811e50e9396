using LongContext.Samples.Shared.Words;

namespace LongContext.Samples.BookSummarization.Words;

/// <summary>A paragraph of a made-up chapter.</summary>
/// <param name="Number">From 1 to 16.</param>
/// <param name="KeySentence">What the summary has of it.</param>
/// <param name="Rest">What the summary has not.</param>
/// <param name="IsFinal">Whether it is the chapter's last.</param>
internal sealed record Paragraph(int Number, string KeySentence, string Rest, bool IsFinal)
{
    public string Opening => $"{WordLanguage.Signs[Number - 1]} {KeySentence} {(IsFinal ? WordLanguage.EndSign : $"{Number}")}";

    public int OpeningTokens => KeySentence.Split(' ').Length + 2;
}
