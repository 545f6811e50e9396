using LongContext.Generation.Running;

namespace LongContext.Generation.Scheduling;

/// <summary>A text with keys and values in pages, as a <see cref="PagedCache"/> knows it.</summary>
internal abstract class CachedSequence
{
    private protected CachedSequence(IPageStore pages, int room)
    {
        Pages = new SequencePages(pages.Groups.Count);
        for (int group = 0; group < Pages.GroupCount; group++)
        {
            // Room for all of them now, so that none is made later.
            for (int i = 0; i <= room / pages.PageTokens; i++) Pages.Add(group, -1);
            Pages.Truncate(group, 0);
        }
    }

    public SequencePages Pages { get; }

    /// <summary>The text so far; behind <see cref="Count"/> lie guesses.</summary>
    public abstract int[] Tokens { get; }

    /// <summary>Tokens of the text.</summary>
    public abstract int Count { get; }

    /// <summary>Those of them whose keys and values are in the pages.</summary>
    public int Cached { get; set; }

    /// <summary>Sinks and window in layers that would see everything; null for everything.</summary>
    public virtual AttentionSinks? Sinks => null;

    /// <summary>Tokens that the groups without a window hold no more: there, token p lies in slot p − Dropped.</summary>
    public int Dropped { get; set; }

    /// <summary>Pages that wait for what is kept of a prompt.</summary>
    public List<int> SelectedPages { get; } = [];

    /// <summary>What is to be kept of a prompt; null for all of it.</summary>
    public virtual PromptSelection? Selection => null;

    /// <summary>Tokens from the beginning that others' pages may give, at most: what comes behind must be computed for its scores.</summary>
    public virtual int ReuseEnd => Count - 1;

    /// <summary>Whether its pages may be found by others, and it may use theirs.</summary>
    public bool Shares { get; set; }

    /// <summary>Tokens from the beginning that others with the same root have the same keys for.</summary>
    public int SharedEnd { get; private protected set; }

    public PrefixRoot Root { get; private protected set; }

    /// <summary>The last block of its tokens that is known to all; null for none.</summary>
    public CacheNode? Node { get; set; }

    /// <summary>Blocks up to there.</summary>
    public int Blocks { get; set; }
}
