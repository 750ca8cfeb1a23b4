namespace Tribunal.Verdicts;

/// <summary>Sorts few numbers that are nearly in order: the library's sort asks a comparer where code is compiled ahead of time.</summary>
internal static class SmallSort
{
    private const int Few = 128;

    public static void Ascending(Span<long> numbers)
    {
        if (numbers.Length > Few)
        {
            numbers.Sort();
            return;
        }

        for (int i = 1; i < numbers.Length; i++)
        {
            long number = numbers[i];
            int at = i;
            while (at > 0 && numbers[at - 1] > number)
            {
                numbers[at] = numbers[at - 1];
                at--;
            }

            numbers[at] = number;
        }
    }
}
