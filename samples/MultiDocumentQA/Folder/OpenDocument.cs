namespace LongContext.Samples.MultiDocumentQA.Folder;

/// <summary>A retrieved passage.</summary>
internal sealed record OpenDocument(string Title, string Text);
