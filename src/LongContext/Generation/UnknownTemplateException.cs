namespace LongContext.Generation;

/// <summary>A chat with a model whose template is not known here, which goes on with text all the same.</summary>
/// <param name="message">Why, and what to do.</param>
internal sealed class UnknownTemplateException(string message) : NotSupportedException(message);
