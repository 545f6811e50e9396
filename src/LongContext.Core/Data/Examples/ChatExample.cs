using LongContext.Chat;

namespace LongContext.Data.Examples;

/// <summary>A conversation, of which the assistant's turns count.</summary>
/// <param name="Turns">The turns in their order, at least one.</param>
public sealed record ChatExample(IReadOnlyList<ChatTurn> Turns) : TrainingExample
{
    /// <inheritdoc/>
    public override long TextLength => Turns.Sum(turn => (long)turn.Content.Length);
}
