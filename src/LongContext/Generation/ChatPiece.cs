namespace LongContext.Generation;

/// <summary>What an answer goes on with.</summary>
/// <param name="Text">Whole characters; empty where only tokens without text have come.</param>
/// <param name="LogProbabilities">Of the tokens that begin in it; null where nobody asked, or none does.</param>
internal readonly record struct ChatPiece(string Text, IReadOnlyList<ChatLogProbability>? LogProbabilities);
