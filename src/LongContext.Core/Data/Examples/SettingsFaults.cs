namespace LongContext.Data.Examples;

/// <summary>All faults of a settings object in one exception.</summary>
internal static class SettingsFaults
{
    public static void Throw(string type, IEnumerable<string> faults, string parameter)
    {
        string all = string.Join("; ", faults);
        if (all.Length > 0) throw new ArgumentException($"{type}: {all}.", parameter);
    }
}
