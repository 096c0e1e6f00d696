"""Ground of which States do not agree whose it is: a map that many of them use draws no boundary there and shades nothing.

Circles, coarse and rather too large; that one stands here says nothing of any claim, and that one does not, neither.
"""

from typing import Final

UNSETTLED: Final[tuple[tuple[float, float, int], ...]] = (
    (34.3, 45.3, 190),  # the Crimean peninsula
    (37.2, 47.6, 320),  # north of the Sea of Azov
    (41.1, 43.0, 110),  # the eastern shore of the Black Sea
    (44.0, 42.4, 70),  # the middle of the Caucasus
    (29.4, 47.1, 110),  # the left bank of the Dniester
    (20.9, 42.6, 95),  # the basins of the White Drin and the Sitnica
    (33.4, 35.2, 115),  # the north of Cyprus
    (35.8, 33.0, 50),  # the Golan
    (35.25, 31.95, 80),  # the west bank of the Jordan
    (34.4, 31.4, 35),  # the coast at Gaza
    (-13.5, 24.5, 530),  # the western edge of the Sahara
    (-5.35, 36.14, 15),  # the strait of Gibraltar
    (46.5, 9.8, 340),  # the southern shore of the Gulf of Aden
    (28.6, 9.8, 120),  # the Bahr el-Arab
    (35.3, 22.6, 170),  # the Red Sea at the 22nd parallel
    (35.3, 5.0, 100),  # north-west of Lake Turkana
    (55.1, 26.0, 45),  # the strait of Hormuz
    (68.5, 23.9, 60),  # the mouth of the Sir
    (76.2, 34.8, 360),  # the Karakoram and the upper Indus
    (79.3, 31.5, 140),  # the western Himalaya
    (89.1, 27.3, 45),  # the Chumbi valley
    (94.0, 28.0, 290),  # the eastern Himalaya
    (121.0, 23.9, 230),  # the strait of Taiwan
    (112.0, 16.5, 170),  # the north of the South China Sea
    (114.0, 9.5, 420),  # its south
    (123.6, 25.8, 60),  # the south of the East China Sea
    (131.9, 37.2, 40),  # the middle of the Sea of Japan
    (146.4, 44.2, 190),  # the south of the Kuril chain
    (-59.4, 5.5, 340),  # the basin of the Essequibo
    (-88.8, 17.2, 130),  # the shore of the Gulf of Honduras
    (-59.5, -51.8, 210),  # the south-western Atlantic
)
"""Longitude, latitude, and how many kilometres around."""
