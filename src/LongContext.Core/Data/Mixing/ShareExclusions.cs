namespace LongContext.Data.Mixing;

/// <summary>What was left out of a share of a published mixture.</summary>
/// <param name="Name">The share's name.</param>
/// <param name="Documents">Documents, tasks or packs of tasks that were tokenized and are done with, over all passes.</param>
/// <param name="TooShort">Sequences with less than the least tokens, the rests of documents that were cut included.</param>
/// <param name="TooShortTokens">Their tokens.</param>
/// <param name="TooLong">Tasks longer than the context, which are not cut. In-context packing counts them as it reads them, some sequences ahead.</param>
/// <param name="LeftOut">Records that the column map left out, in the present pass.</param>
/// <param name="BadLines">Bad lines passed, in the present pass.</param>
public sealed record ShareExclusions(string Name, long Documents, long TooShort, long TooShortTokens, long TooLong, long LeftOut, long BadLines);
