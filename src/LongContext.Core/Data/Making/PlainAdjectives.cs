namespace LongContext.Data.Making;

/// <summary>Short, common English adjectives.</summary>
internal static class PlainAdjectives
{
    private const string Text = """
        ancient awake bitter blank bold brave brief bright brisk broad broken calm careful cheap clean clear clever cloudy cold common
        cool crisp curious curly damp daring dark deep dense dim distant double dry dull dusty eager early easy empty even
        faint fair faithful famous fancy fast fierce final firm flat fond formal fresh friendly full gentle giant glad golden good
        grand great green grey handy happy hard heavy hidden high hollow honest huge humble hungry icy idle jolly keen kind
        large late lazy lean light little lively local lonely long loud lovely low lucky mild modest narrow neat new nimble
        noble noisy odd old open pale patient plain polite proud pure quick quiet rapid rare ready red rich ripe rough
        round royal rusty sad safe salty scarce serious shallow sharp shiny short shy silent simple slender slim slow small smart
        smooth soft solid sour spare stale steady steep stern still strange strict strong sturdy sudden sunny sweet swift tall tame
        tender thick thin tidy tight tiny tired tough true usual vague vast warm weak wet white whole wide wild wise
        """;

    /// <summary>The adjectives, all different, in alphabetical order.</summary>
    public static IReadOnlyList<string> All { get; } = Text.Split([' ', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
