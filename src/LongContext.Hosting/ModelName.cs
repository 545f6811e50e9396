namespace LongContext.Hosting;

/// <summary>The name under which a model was added; empty for the unnamed one.</summary>
internal sealed record ModelName(string Name);
