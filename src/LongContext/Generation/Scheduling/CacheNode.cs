namespace LongContext.Generation.Scheduling;

/// <summary>A page's worth of tokens after a known beginning, and where the keys and values of it are. The beginning is the chain of parents, so that nothing rests on a hash.</summary>
internal sealed class CacheNode(int pageTokens, int groupCount)
{
    /// <summary>Never given to another node, so that a parent's name stays true.</summary>
    public long Id;

    public CacheNode? Parent;

    public ulong Hash;

    /// <summary>Nodes that go on after it.</summary>
    public int Children;

    /// <summary>Running sequences whose last known block it is.</summary>
    public int References;

    /// <summary>What a root stands for; null for all others.</summary>
    public PrefixRoot? Root;

    public int[] Tokens { get; } = new int[pageTokens];

    /// <summary>By group; -1 where there is none.</summary>
    public int[] Pages { get; } = new int[groupCount];

    /// <summary>By group, copies in host memory.</summary>
    public HostPage?[] Host { get; } = new HostPage?[groupCount];

    /// <summary>Whether keys and values of a group are there, in either memory.</summary>
    public bool Has(int group) => Pages[group] >= 0 || Host[group] is not null;

    /// <summary>Whether nothing and nobody needs it.</summary>
    public bool IsIdle
    {
        get
        {
            if (Children > 0 || References > 0) return false;
            for (int group = 0; group < Pages.Length; group++)
            {
                if (Has(group)) return false;
            }

            return true;
        }
    }
}
