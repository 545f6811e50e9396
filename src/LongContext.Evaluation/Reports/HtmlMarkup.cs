namespace LongContext.Evaluation.Reports;

/// <summary>Text that is HTML already, made of nothing that came with the data.</summary>
internal readonly record struct HtmlMarkup(string Html);
