namespace LongContext.Generation.Running;

/// <summary>
/// The memory of a paged cache. It knows pages by group and number, not what is in them: which tokens and whose is the business of whoever
/// gives out the numbers. Not safe for several threads.
/// </summary>
internal interface IPageStore : IDisposable
{
    /// <summary>Tokens of a page; a token at position p of its sequence lies in the sequence's page p / PageTokens.</summary>
    int PageTokens { get; }

    /// <summary>The groups of layers, each with pages of its own, numbered from 0 in each.</summary>
    IReadOnlyList<CacheGroup> Groups { get; }

    /// <summary>Bytes of memory held now.</summary>
    long CommittedBytes { get; }

    /// <summary>Whether pages lie in host memory anyway, so that copies there would gain nothing.</summary>
    bool InHostMemory => true;

    /// <summary>Makes memory for a page; what is in it is undefined.</summary>
    /// <exception cref="OutOfMemoryException">There is none left.</exception>
    void Commit(int group, int page);

    /// <summary>Gives a page's memory back; the number may be committed again later.</summary>
    void Decommit(int group, int page);

    /// <summary>Copies what the first tokens of a page hold into another committed page of the group.</summary>
    void Copy(int group, int from, int to, int tokens);

    /// <summary>Copies chosen tokens, for each layer and head its own, into other committed pages of the group, one after another from their beginning.</summary>
    /// <param name="group">The group.</param>
    /// <param name="from">The pages of the whole text.</param>
    /// <param name="to">Pages for what is kept; none of the others.</param>
    /// <param name="choice">What is kept.</param>
    void Select(int group, ReadOnlySpan<int> from, ReadOnlySpan<int> to, PromptChoice choice);

    /// <summary>Copies a page out to host memory of <see cref="CacheGroup.PageBytes"/>.</summary>
    void Save(int group, int page, Span<byte> host);

    /// <summary>Copies a page back from host memory.</summary>
    void Load(int group, int page, ReadOnlySpan<byte> host);
}
