namespace LongContext.Generation.Grammars;

/// <summary>Where rules go on once the ones they called are complete. Equal stacks are one object.</summary>
internal sealed record GrammarStack(int Id, int Return, GrammarStack? Parent, int Depth);
