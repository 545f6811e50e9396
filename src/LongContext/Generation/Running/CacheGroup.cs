namespace LongContext.Generation.Running;

/// <summary>Layers whose keys and values are kept for the same tokens: those that see everything, or those that see the same window.</summary>
/// <param name="Window">Most recent tokens that a token sees, itself included; null for all. What lies before may be forgotten.</param>
/// <param name="LayerCount">Layers of the group.</param>
/// <param name="PageBytes">Memory of one page: keys and values of <see cref="IPageStore.PageTokens"/> tokens in all of the group's layers.</param>
internal sealed record CacheGroup(int? Window, int LayerCount, long PageBytes);
