namespace LongContext.Evaluation;

/// <summary>
/// Says what text a model reads when it is asked something, so that what follows can be scored. A client that knows its chat template gives it
/// out by <c>GetService(typeof(IPromptRenderer))</c>.
/// </summary>
public interface IPromptRenderer
{
    /// <summary>The text of a prompt as the model reads it: the chat template around it where its style is chat, then the beginning of the answer.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <returns>The text, special tokens as the vocabulary spells them. A beginning-of-sentence token stands in it where the template has one.</returns>
    /// <exception cref="ArgumentException">The template has no place for such a prompt.</exception>
    string Render(EvaluationPrompt prompt);
}
