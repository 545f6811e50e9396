namespace LongContext.Samples.MultiDocumentQA.Words;

/// <summary>A made-up document.</summary>
/// <param name="Sign">The first part of its title, which several documents share.</param>
/// <param name="Word">The second, which another document has with another sign.</param>
/// <param name="Text">Its words; those that answer come first.</param>
/// <param name="Answer">What is asked for by the title.</param>
internal sealed record Passage(string Sign, string Word, string Text, string Answer)
{
    public string Title => $"{Sign} {Word}";

    /// <summary>As it stands among the documents.</summary>
    public override string ToString() => $"{Title} {Text}";
}
